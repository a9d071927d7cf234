"""Issuing: from what happened to an order or a session to the files that everybody may count on.

- `due` says which papers an event calls for, and `receivers` listens to the events;
- `asking` writes them down, once each, and enqueues a task for each, in the transaction of the event;
- `drawing` reads what a paper says, `making` numbers, prints, checks, stores and records it, in a worker.

A worker may be killed at any step, a task may run twice: the identity of an Issue is unique, its row is locked while it
is made, and a number is kept by the transaction that keeps its document.
"""
