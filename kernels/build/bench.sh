build_bench() { :; }
