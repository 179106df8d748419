//! x
fn main() {
    let a = std::env::args().nth(1).unwrap();
    if a == "bench" {
        let s = std::sync::Arc::new(dt_env::EnvSpec::builtin("MiniGrid-MemoryS7-v0").unwrap());
        for t in [1, 2] {
            println!("{:?}", dt_env::bench::bench(&s, 256, t, 1.0, 5));
        }
        return;
    }
    for r in dt_env::golden::conform(std::path::Path::new(&a)).unwrap() {
        println!("{r:?}");
    }
}
