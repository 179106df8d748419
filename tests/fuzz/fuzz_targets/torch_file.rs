//! A `.pt` file either is refused, or gives an agent that can be kept and loaded.

#![no_main]

use dt_train::checkpoint::{load_agent, save_agent};
use dt_train::device::DeviceSpec;
use dt_train::formats::pytorch_2023::import_pytorch;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    let folder = dt_fuzz::folder(&[("fuzz.pt", file)]);
    let Ok((record, values, _)) = import_pytorch(&folder.join("fuzz.pt"), None) else {
        return;
    };
    save_agent(folder, &record, &values).expect("what is imported is kept");
    let device = DeviceSpec::Cpu.open().expect("a CPU");
    let again = load_agent(folder, &device).expect("what is kept loads");
    assert_eq!(again.record, record);
});
