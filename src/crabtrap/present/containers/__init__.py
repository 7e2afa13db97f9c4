"""The items of collections in memory, read as they are walked over, and computed items.

Here is how a hash table, a B-tree or a list is walked, and the checks that it is one.
Which types have these layouts is for the rules, which nothing here may know.
"""
