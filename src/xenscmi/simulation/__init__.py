"""Running a host on the model: what each domain reaches, and what it must not."""
