"""Reading a drop of the ERP (`manage.py import_erp FOLDER`): ERP-EXPORT.md said as code.

From the bytes up: `encoding` and `reading` (lines into records), `parsing` and `columns` (records into values, or
reasons why not), `ledger` (what this drop said so far of each key), `chunk` and `engine` (two thousand lines at a time,
in one transaction, falling back on single lines), `importers` (one class per file: what taking a line means), `report`
and `run` (the whole drop, its lock and its counts).
"""
