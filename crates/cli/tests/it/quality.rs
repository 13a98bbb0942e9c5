//! `mao qa` over a sample with 25 seeded defects: the real binary, scripted reviewers, real git.

mod journal;
mod repairs;
mod sample;
mod sarif;
mod verdicts;
