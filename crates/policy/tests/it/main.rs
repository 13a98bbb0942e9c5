//! What policy admits and what follows a failure, from outside.

mod chunk;
mod decide;
mod diversity;
mod house;
mod planning;
mod review;
mod route;
mod shape;
mod tree;
mod triggers;
mod waves;
