//! What reaches a model, from outside.

#[cfg(test)]
mod cli;
#[cfg(test)]
mod script;
