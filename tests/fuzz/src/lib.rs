//! What targets share: a limit on what a length can allocate, files to read, and an input's parts.

use std::alloc::{GlobalAlloc, Layout, System};
use std::fs;
use std::path::{Path, PathBuf};
use std::ptr::null_mut;
use std::sync::OnceLock;

/// Largest allocation that is granted. libFuzzer's own limit needs a sanitizer, and its limit on
/// memory sees only what is touched.
const LIMIT: usize = 512 << 20;

struct Limited;

#[global_allocator]
static ALLOCATOR: Limited = Limited;

// SAFETY: it is the system's allocator, which may have no memory left.
unsafe impl GlobalAlloc for Limited {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match layout.size() {
            ..=LIMIT => unsafe { System.alloc(layout) },
            _ => null_mut(),
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        match layout.size() {
            ..=LIMIT => unsafe { System.alloc_zeroed(layout) },
            _ => null_mut(),
        }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        match size {
            ..=LIMIT => unsafe { System.realloc(memory, layout, size) },
            _ => null_mut(),
        }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        unsafe { System.dealloc(memory, layout) }
    }
}

/// This process's folder, holding these files and no others. It stays behind: `scripts/fuzz.sh`
/// sets `TMPDIR` to one that it removes.
pub fn folder(files: &[(&str, &[u8])]) -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = std::env::temp_dir().join(format!("dt-fuzz-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a temporary folder");
        folder
    });
    for entry in fs::read_dir(folder).expect("our folder") {
        fs::remove_file(entry.expect("our folder").path()).expect("a file of ours");
    }
    for (name, bytes) in files {
        fs::write(folder.join(name), bytes).expect("a file of ours");
    }
    folder
}

/// Two files from an input: the length of the first (two bytes, little-endian), it, the second.
pub fn two_files(input: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, files) = input.split_first_chunk()?;
    let length = usize::from(u16::from_le_bytes(*length)).min(files.len());
    Some(files.split_at(length))
}
