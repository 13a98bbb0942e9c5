//! A reading list: books, and who borrowed them.
//!
//! From the inside out: [`day`] and [`schema`] say what things are, [`rules`] what may be done, [`storage`] keeps it,
//! [`commands`] offers it. Only `storage` touches files, and nothing here asks a clock.

pub mod commands;
pub mod day;
pub mod rules;
pub mod schema;
pub mod storage;
