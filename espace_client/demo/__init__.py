"""The demonstration: an invented training company's clients, three years of orders, and their papers.

`build.build()` makes it, in full for `manage.py demo` or small for a test. All of it follows from a fixed seed and from
one date, so that there are always sessions to come. Companies, people and OPCOs are invented.
This file imports nothing: the processes that draw PDFs load it before Django is set up.
"""
