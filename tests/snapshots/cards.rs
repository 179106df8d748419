//! Cards of datasets, as text and as JSON.

use super::{assert_accepted, without_places};
use crate::support::{Lab, Program};

#[test]
fn a_card_is_as_accepted() {
    let lab = Lab::new();
    let card = lab.succeed(
        Program::Data,
        &["generate", "tiny-data.ron", "--out", "data"],
    );
    assert_accepted("cards", "tiny", &without_places(&lab, &card));
    let json = lab.succeed(Program::Data, &["inspect", "data", "--json"]);
    let mut card: serde_json::Value = serde_json::from_str(&json).unwrap();
    // Most items of the view are never seen.
    let exposure = card["exposure"].as_array_mut().unwrap();
    exposure.retain(|row| row["frames"] != 0);
    let json = serde_json::to_string_pretty(&card).unwrap();
    assert_accepted("cards", "tiny-json", &without_places(&lab, &json));
}
