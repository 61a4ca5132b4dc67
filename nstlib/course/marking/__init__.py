"""`nst mark`: a page on this machine for the questions that are marked by hand, one answer at a time.

nbgrader's own page shows an answer without the model answer and the marking scheme, which stand in
`solutions/`. This one shows them side by side and writes into nbgrader's database (`marks`), so that both
pages can be used. In the order of their imports: `answers` (what there is to mark), `server`.
"""
