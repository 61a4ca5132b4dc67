"""What teachers and maintainers run: exercises, their sandbox, and grading.

In the order of their imports: `wire` (what may cross into the sandbox and back), `runner` (what runs inside),
`limits` (what a submission may use), `watchdog` (adds up its memory), `sandbox` (starts and guards it),
`exercises` (sources and releases), `judge` (one submission), `rehearsal` (an exercise tried before it is
handed out), `submissions` (files from strangers), `gradebook` (nbgrader), `grading` (a class). Only `runner`
executes a learner's code, and only `gradebook` writes grades. Apart from them stand `links` (where the course
is published), `slides` (lectures) and `handout` (lectures on paper).
"""
