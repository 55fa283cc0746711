# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors
"""The application that uvicorn runs: tuspyserver alone, with its uploads in the folder TUS_FILES."""
import os

from fastapi import FastAPI
from tuspyserver import create_tus_router

application = FastAPI()
application.include_router(create_tus_router(prefix="files", files_dir=os.environ["TUS_FILES"]))
