//! `develop` played through without an engine: the workflow asks, a world of closures answers, everything is folded.

mod checkpoints;
mod contests;
mod debugging;
mod develop;
mod parts;
mod planning;
mod review;
mod world;
