"""What can go wrong. The native module raises these classes, chosen by the engine's stable codes."""


class VsmError(Exception):
    """The base of all errors of this package. ``code`` is stable and the same in every language."""

    code: str = ""

    def __init__(self, message: str, **details: object) -> None:
        super().__init__(message)
        self.__dict__.update(details)

    def __str__(self) -> str:
        # KeyError would show the repr of the message.
        return str(self.args[0])


class UnknownItem(VsmError, KeyError):
    """An id that no event has named."""

    code = "unknown_item"
    id: str


class CycleError(VsmError, ValueError):
    """A link that would make an item wait for itself.

    ``path`` has the items in the order "each needs the next"; the first one is repeated at the end.
    """

    code = "cycle"
    path: list[str]


class InvalidError(VsmError, ValueError):
    """A value that is out of its range or contradicts another one; ``field`` says which."""

    code = "invalid"
    field: str


class UnknownZone(VsmError, ValueError):
    """A zone that the IANA time zone database does not have."""

    code = "unknown_zone"
    zone: str


class DocumentError(VsmError, ValueError):
    """Text that is not the document it should be; ``position`` says where."""

    code = "document"
    position: str


class ConflictError(VsmError, ValueError):
    """An event id that was used before with other content, or an alias that another item already has."""

    code = "conflict"
    id: str


class ReadOnlyError(VsmError, TypeError):
    """An attempt to change a view of the past."""

    code = "read_only"


class HorizonError(VsmError, OverflowError):
    """A date further away than a calendar reaches."""

    code = "horizon"


class StorageError(VsmError, OSError):
    """A store that can't be opened, read or written, such as one on a full disk.

    ``path`` is the file; ``position`` says where in it, or is None where it is about the whole file.
    """

    code = "storage"
    path: str
    position: str | None


BY_CODE: dict[str, type[VsmError]] = {error.code: error for error in VsmError.__subclasses__()}

# Tracebacks name the classes by where users import them from.
for _error in (VsmError, *BY_CODE.values()):
    _error.__module__ = "vsm"
