//! What policy admits and what follows a failure, from outside.

mod checkpoints;
mod chunk;
mod consensus;
mod contest;
mod decide;
mod diversity;
mod fallback;
mod house;
mod known;
mod planning;
mod private;
mod raise;
mod review;
mod route;
mod secrets;
mod shape;
mod tamper;
mod tree;
mod triggers;
mod waves;
