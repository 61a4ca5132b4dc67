"""What teachers and maintainers run: exercises, their sandbox, and grading."""
