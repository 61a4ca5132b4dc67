"""What a class gets back: a page for each student, and files that learning platforms import.

- `feedback`: what a page says: marks, sentences, comments, read from the gradebook
- `formulas`, `prose`: a formula as a drawing; Markdown as HTML in which nothing runs
- `pages`, `making`: the page, and the process with limits that makes it
- `classes`: a folder of grades as it is returned: who gets what, and who nothing yet
- `sheets`, `archives`, `notebooks`: the tables, archives and notebooks that platforms take
- `folder`, `moodle`, `canvas`, `uploads`: the files of each, and all files of one return
"""
