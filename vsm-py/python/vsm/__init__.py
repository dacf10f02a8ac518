"""Value stream management: the events of many tools in, answers about releases out.

>>> from datetime import datetime, timezone
>>> import vsm
>>> stream = vsm.ValueStream()
>>> monday = datetime(2026, 1, 5, 9, tzinfo=timezone.utc)
>>> stream.apply(vsm.Event(source="jira", id="1", occurred_at=monday, item="jira:CHK-1", kind="feature",
...                        set=vsm.Fields(title="Deposit a check by photo", state="active")))
True
>>> stream.readiness("jira:CHK-1", at=monday).verdict
Verdict.NotReady
"""

from vsm import _errors, _vsm, _words
from vsm._errors import (
    ConflictError,
    CycleError,
    DocumentError,
    HorizonError,
    InvalidError,
    ReadOnlyError,
    StorageError,
    UnknownItem,
    UnknownZone,
    VsmError,
)
from vsm._vsm import *
from vsm._words import *
