"""What tasks and threads wait for, who can end it, and what is wrong with that.

What a future waits for that has no further futures in it is said by rules, which are data
(``wait_rules.py``, read by ``wait_rule_files.py``): shipped ones in ``library/``, and the user's
own, joined in ``wait_book.py``.  ``leaves.py`` applies them to the leaves of a task,
``thread_waits.py`` to the functions of threads; who holds what is found by ``holders.py``,
joined with the waits by ``graph.py`` and judged by ``stuck.py`` and ``diagnoses.py``.
"""
