//! Observations that turn an agent's choice, found by search.
//!
//! An edit puts the main factor's objects into cells of a frame. [`exhaustive`] asks about every single one
//! and every pair; [`search`] chooses on half of the prompts, judges on the other half, and looks
//! into the agent under what it found. [`beam_search`] goes on to more objects and several frames;
//! [`Reachable`](crate::questions::reach::Reachable) tells what of it the world could show.

mod beam;
mod choose;
mod closed_loop;
mod edit;
mod one_site;
mod search;
mod steering_curve;
mod table;

pub use beam::{BeamEdit, BeamRecord, beam_search};
pub use choose::{AgainstRandom, FacetRank, RankedEdit, eligible, frames_of};
pub use closed_loop::{Reached, closed_loop, edit_vectors};
pub use edit::{Mode, Placement, Told, edit_config, name};
pub use one_site::{OneSite, SiteEdit, one_site};
pub use search::{AdversaryRecord, EditedBehaviour, HandPicked, double_complement, search};
pub use steering_curve::{SteeringCurve, steering_curve};
pub use table::{Answer, DECIDED, Exhaustive, FacetAnswers, all_edits, answers_to, exhaustive};
