"""Friendly checks of what learners write in the exercises, one module for each exercise.

    from nstlib.checks import ex04 as check

    check.gram_matrix(gram_matrix)

A check tries properties (symmetry, scaling, agreement on random shapes) and answers with the points they
earn and, where one does not hold, one sentence that says what is wrong without giving the answer away.
`framework` holds what the checks share. The same checks run again when a class is graded (`nst grade`), with
other random numbers and from another process than the learner's.
"""
