//! The process room, from outside: real children of `/bin/sh`, the real shim, `/proc` as the witness.

mod bounds;
mod ends;
mod environment;
mod gives;
mod help;
mod tools;
mod wall;
