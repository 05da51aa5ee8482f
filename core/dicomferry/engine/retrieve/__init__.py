"""From a PACS to the spool: what is asked for, how courteously, and what came of it."""
