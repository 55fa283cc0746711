# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors
"""What the programs of this folder are made of."""
