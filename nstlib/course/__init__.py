"""What teachers and maintainers run: exercises, their sandbox, and grading.

In the order of their imports: `wire` (what may cross into the sandbox and back), `runner` (what runs inside),
`limits` (what a submission may use), `watchdog` (adds up its memory), `sandbox` (starts and guards it),
`exercises` (sources and releases), `judge` (one submission), `rehearsal` (an exercise tried before it is
handed out), `submissions` (files from strangers), `policy` and `policy_file` (deadlines), `results` (a row
for each submission), `times` (when it was handed in), `changes` and `selection` (before and after, and what
is judged again), `gradebook` and `marks` (nbgrader), `grading` (a class), `marking` (marks by hand),
`likeness` and `likeness_report` (answers that are alike). Only `runner` executes a learner's code, and only
`gradebook` and `marks` write grades. Apart from them stand `links` (where the course is published), `slides`
(lectures) and `handout` (lectures on paper).
"""
