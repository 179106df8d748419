//! x
use std::sync::Arc; use dt_train::*;
#[global_allocator] static A: mimalloc::MiMalloc = mimalloc::MiMalloc;
fn main(){
 let a: Vec<String> = std::env::args().collect();
 let cfg = AgentConfig::read(std::path::Path::new(&a[1])).unwrap();
 let seed: u64 = a.get(2).map_or(0,|s| s.parse().unwrap());
 let recipe = dt_data::Recipe::read(std::path::Path::new(&cfg.dataset)).unwrap();
 let (d,_c)=dt_data::Dataset::generate(&recipe).unwrap(); let data=Arc::new(d);
 let spec=recipe.env_spec().unwrap();
 let sizes=model::WorldSizes{view_size:spec.view_size as usize,max_steps:spec.max_steps() as usize,n_actions:7};
 let st=run::input_statistics(&data,&sizes);
 let dev=device::DeviceSpec::Cpu.open().unwrap();
 let mut t=run::Trainer::new(&cfg,sizes,data,&st,seed,&dev);
 println!("params {}",t.model.parameter_count());
 let t0=std::time::Instant::now(); let mut loss=0.0;
 for i in 0..cfg.training.steps { let r=t.step(); loss+=r.loss;
  if (i+1)%50==0 { print!("step {} loss {:.4} gn {:.2} {:.1}s",r.step,loss/50.0,r.grad_norm,t0.elapsed().as_secs_f64()); loss=0.0;
   if (i+1)%100==0 { let e=evaluate::evaluate_exact(&t.model,&spec,&cfg.evaluation.returns_to_go).unwrap(); for r in &e { print!(" | rtg {} s{} w{} t{} ({})",r.rtg,r.success,r.wrong_target,r.truncated, r.episodes.iter().map(|e| e.steps.to_string()).collect::<Vec<_>>().join(","));} }
   println!(); } }
 for s in &cfg.evaluation.sampled { println!("{:?}",evaluate::evaluate_sampled(&t.model,&spec,s.return_to_go,s.temperature,s.episodes,seed)); }
}
