"""The XNAT behind the stand-in, without any network.

* `StandInSite` (`site.py`) takes one *incoming* instance, whichever way it came: filters it, has it
  identified, writes its file and puts it into its `Holdings`.
* `SiteSettings` (`settings.py`) are what an administrator sets: auto-archiving, the quiet period,
  the *whitelist* of senders, the *series filter*, the *anonymization* script.
* *Holdings* (`holdings.py`) are its prearchive (`prearchive.py`) and archive: each *session*
  (`sessions.py`) changes as instances come; `archiving.py`, `scan_conflict.py` and `files.py` have
  the rules of XNAT's that nobody else asks, and `tree.py` shows all of it from outside.
* A *builder* (`builder.py`) builds and archives the sessions that have become quiet.
* A *receipt* (`receipts.py`) is the site's own record of an instance that it stored.
* A *fault* (`faults.py`) is a misbehavior on demand, to test senders with.
* A *content* (`content.py`) is the bytes of an incoming object, in memory or in a scratch file; it
  becomes a *Part 10 file* (`part10.py`) at its place.

`dicom` and `rest` call the site; the site calls neither. It asks `dicomferry.xnat` what an instance
is called and which rules XNAT files by.
"""
