//! x
use dt_data::*;
fn main() {
    let r = Recipe::read(std::path::Path::new(&std::env::args().nth(1).unwrap())).unwrap();
    let t = std::time::Instant::now();
    let (d, c) = Dataset::generate(&r).unwrap();
    eprintln!("{:?}", t.elapsed());
    let out = std::env::args().nth(2).unwrap();
    let c = store::write(std::path::Path::new(&out), d.clone(), c, true).unwrap();
    eprintln!("{:?}", t.elapsed());
    let (d2, _) = store::read(std::path::Path::new(&out)).unwrap();
    assert!(d == d2);
    eprintln!("{:?}", t.elapsed());
    println!("{}", c.to_text());
}
