"""Imports of whole catalogues: jobs that go on by themselves, over restarts, until every row has its outcome."""
