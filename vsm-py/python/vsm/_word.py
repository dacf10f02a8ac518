"""The base of all enums."""

from enum import Enum
from typing import TypeVar

_W = TypeVar("_W", bound="Word")


class Word(str, Enum):
    """An enum whose members are texts: ``Kind.Feature == "feature"``.

    Wherever a member is expected its word will do. ``enum.StrEnum`` would be the same, but needs Python 3.11.
    """

    def __new__(cls: type[_W], value: str) -> _W:
        member = str.__new__(cls, value)
        member._value_ = value
        return member

    def __str__(self) -> str:
        return str.__str__(self)

    def __format__(self, format_spec: str) -> str:
        return str.__format__(self, format_spec)

    def __repr__(self) -> str:
        return f"{type(self).__name__}.{self.name}"
