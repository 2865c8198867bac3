"""Opens a history, whichever kind it is, with its tables as this version knows them."""

from __future__ import annotations

from readiness.store.schema import bring_to_newest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from readiness.store.address import Address
    from readiness.store.database import Database


def open_history(address: Address) -> Database:
    """The caller closes it. Raises HistoryError when it cannot be used."""
    database = _connect(address)
    try:
        bring_to_newest(database)
    except BaseException:
        database.close()
        raise
    return database


def _connect(address: Address) -> Database:
    if address.is_file:
        from readiness.store.database import Sqlite

        return Sqlite(address)
    from readiness.store.postgresql import Postgresql

    return Postgresql(address)
