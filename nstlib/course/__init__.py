"""What teachers and maintainers run: exercises, their sandbox, and grading.

In the order of their imports: `wire` (what may cross into the sandbox and back), `runner` (what runs inside),
`limits` (what a submission may use), `watchdog` (adds up its memory), `sandbox` (starts and guards it),
`exercises` (sources and releases), `judge` (one submission), `rehearsal` (an exercise tried before it is
handed out), `recording` (right values for learners), `policy` and `policy_file` (deadlines), `results` (a row
for each submission), `collecting` (files from strangers), `attendance` (who is missing, who has left),
`times` (when it was handed in), `changes` and `selection` (before and after, and what is judged again),
`gradebook` and `marks` (nbgrader), `seeds` and `scheduling` (hidden numbers, and who runs when), `grading`
(a class), `single` (one submission, for platforms that grade one by one), `marking` (marks by hand),
`likeness` and `likeness_report` (answers that are alike), `returning` (pages for students, files for
platforms). Only `runner` executes a learner's code, and only `gradebook` and `marks` write grades. Apart from
them stand `repository` and `links` (where the course is published), `lessons` (without outputs), `slides`
(lectures), `handout` (lectures on paper) and `site` (all of it as pages).
"""
