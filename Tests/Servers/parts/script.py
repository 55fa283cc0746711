# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors
"""The script: which request gets which list of actions."""
import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from .request import Request

# An action without a value can be written as a word.
WORDS = {"close", "drop", "reset", "half-close", "continue", "stall", "end"}
VERBS = {"answer", "interim", "send", "read", "serve", "wait", "repeat", *WORDS} - {"end"}


class Wrong(ValueError):
    """The script says something that means nothing."""


def actions(value: object, verbs: set[str] = VERBS) -> list[dict]:
    """A word, one action or a list of them, as a list of objects that have one verb each."""
    if not isinstance(value, list):
        value = [value]
    listed = []
    for action in value:
        if isinstance(action, str):
            if action not in WORDS & verbs:
                raise Wrong(f"{action!r} is no action without a value")
            action = {action: True}
        if not isinstance(action, dict) or len(verbs & set(action)) != 1:
            raise Wrong(f"An action has one of {sorted(verbs)}: {action!r}")
        if "repeat" in action:
            action = {**action, "do": actions(action.get("do"), verbs)}
        listed.append(action)
    return listed


@dataclass
class Rule:
    method: str
    path: str
    # Regular expressions that are searched in fields; null where a field must be missing.
    when: dict[str, str | None]
    # The n-th request gets the n-th; after the last, the last again, or, with `then` "next", the rules that follow.
    answers: list[list[dict]]
    then: str
    count: int = 0

    @classmethod
    def parse(cls, value: dict, verbs: set[str]) -> "Rule":
        unknown = set(value) - {"method", "path", "when", "do", "answers", "then"}
        if unknown:
            raise Wrong(f"A rule has no {sorted(unknown)}")
        if ("do" in value) == ("answers" in value):
            raise Wrong("A rule has either do or answers")
        answers = []
        for answer in value.get("answers", [value.get("do")]):
            times = 1
            if isinstance(answer, dict) and "times" in answer and "do" in answer:
                times, answer = int(answer["times"]), answer["do"]
            answers.extend([actions(answer, verbs)] * times)
        if not answers:
            raise Wrong("A rule without answers")
        then = value.get("then", "repeat")
        if then not in ("repeat", "next"):
            raise Wrong(f"then is repeat or next, not {then!r}")
        return cls(value.get("method", "*"), value.get("path", "*"), value.get("when", {}), answers, then)

    def take(self, request: Request) -> list[dict] | None:
        if not (fnmatchcase(request.method, self.method) and fnmatchcase(self.subject(request), self.path)):
            return None
        for name, expression in self.when.items():
            found = request.field(name)
            if (found is None) != (expression is None) or found is not None and not re.search(expression, found):
                return None
        if self.count >= len(self.answers) and self.then == "next":
            return None
        self.count += 1
        return self.answers[min(self.count, len(self.answers)) - 1]

    def subject(self, request: Request) -> str:
        return request.target if "?" in self.path else request.path


@dataclass
class Script:
    rules: list[Rule] = field(default_factory=list)

    @classmethod
    def parse(cls, value: object, verbs: set[str] = VERBS) -> "Script":
        if not isinstance(value, dict) or set(value) != {"rules"}:
            raise Wrong('A script is {"rules": [...]}')
        return cls([Rule.parse(rule, verbs) for rule in value["rules"]])

    def take(self, request: Request) -> list[dict] | None:
        """What to do, by the first rule that has something for this request."""
        return next((found for rule in self.rules if (found := rule.take(request)) is not None), None)
