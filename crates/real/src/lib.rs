//! Test only, and nothing but its tests: the `mao` of a release build drives the vendors' own command lines against the
//! fake model server. `cargo xtask real` installs them, builds `mao` and runs this; without `MAO_CLIS` every test says
//! that it was skipped. It never reaches a network beyond loopback, and no HOME but a sandbox's.
//!
//! Read in this order, in `tests/it`: `place.rs` (a repository, three servers, `mao`), `play.rs` (what the models
//! answer), `develop.rs` (the good run), `faults.rs` (the table of faults), then one file per threat.
