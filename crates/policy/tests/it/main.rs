//! What policy admits and what follows a failure, from outside.

mod decide;
mod diversity;
mod house;
mod planning;
mod route;
mod shape;
mod tree;
mod triggers;
mod waves;
