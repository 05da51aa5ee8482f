"""What became of each instance at each sink, across crashes: an SQLite file with one writer.

* The *ledger* (`store.py`) is the file `ledger.sqlite` in a state folder. `schema.py` has its
  tables, `migrations.py` the way from those of earlier versions.
* The *lock* (`lock.py`) is what a writer holds. A reader needs none.
* A *scan* is one look at all sources. Its number stands on every item that it saw.
* An *item* is what a source found: a file, a member of an archive, or an instance on a PACS. It
  stays in the ledger when a later scan does not find it again.
* A *verdict* says what the plan does with an item: ready, excluded, rejected, passed.
* A *stamp* identifies one version of an edited instance, so that it is sent once (`rows.py`).
* A *delivery* is what became of an item at one sink and the receiver behind it.

`rows.py` has the values, `items.py` writes them into columns and reads them back. Three packages
work on these, each by the nouns on its own page: `planning` writes a plan, `delivering` reads what
is due and writes what became of it, `reading` answers all other questions. SQL stands in this room
alone, and a test holds it there. `comparing.py` is here for that reason: it sets two lists of
instances side by side in an SQLite file of its own.

The session, planning, delivery, retrieval, verification and the command line call this room in the
main process. Worker processes get its values and never open the file.
"""

from dicomferry.ledger.lock import Lock
from dicomferry.ledger.store import Ledger

__all__ = ["Ledger", "Lock"]
