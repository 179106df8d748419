//! Each program as a user meets it: what it prints where, its exit codes, what it refuses.

mod dt_analysis;
mod dt_data;
mod dt_env;
