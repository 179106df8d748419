//! Two Arrow files either are refused, or make a dataset that can be trained on.
//!
//! An input is the length of `steps.arrow` (two bytes, little-endian), that file, and
//! `episodes.arrow`. Observations have 27 bytes (a view of 3 x 3).

#![no_main]

use std::path::Path;

use arrow_buffer::Buffer;
use dt_data::{WindowEnd, WindowSampler, store};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((length, files)) = input.split_first_chunk() else {
        return;
    };
    let length = usize::from(u16::from_le_bytes(*length)).min(files.len());
    let (steps, episodes) = files.split_at(length);
    let (steps, episodes) = (Buffer::from(steps), Buffer::from(episodes));
    let Ok(data) = store::decode_dataset(Path::new("fuzz"), &steps, &episodes, 27) else {
        return;
    };
    for end in [WindowEnd::AnyStep, WindowEnd::Full, WindowEnd::EpisodeEnd] {
        let windows = WindowSampler::new(&data, 3, end);
        for n in 0..windows.len() {
            let window = windows.get(n);
            for row in window.first_row..window.first_row + window.length {
                assert_eq!(data.observation(row).len(), 27);
                assert!(usize::from(data.actions[row]) < dt_env::Action::COUNT);
            }
        }
    }
});
