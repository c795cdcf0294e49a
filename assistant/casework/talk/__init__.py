"""One turn of a talk: what its rules look at, how what they decide is carried out, and what answers beside them."""
