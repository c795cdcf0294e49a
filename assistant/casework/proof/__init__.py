"""Who is asking: challenges, evidence, and the people who decide where no code may."""
