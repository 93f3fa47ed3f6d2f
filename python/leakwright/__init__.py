"""Finds and fixes memory leaks, unbounded growth and unreleased resources in Python code.

The package holds a program, not a library: run ``leakwright`` or ``python -m leakwright``.
"""
