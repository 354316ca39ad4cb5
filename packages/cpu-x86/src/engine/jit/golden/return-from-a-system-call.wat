;; 00  480f07           sysret
;; registers named: 
  (func $unit (type 0) (param i32) (result i32)
    (local i32 i32 i64 i64 i64 i32 i32 i32 i64 i32 i64 i32 i64 i64 i32 i32 i64 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)
    (local.set 1
      (i32.load offset=5376
        (i32.const 0)))
    (local.set 2
      (i32.load offset=5380
        (i32.const 0)))
    (local.set 3
      (i64.load offset=5384
        (i32.const 0)))
    (local.set 4
      (i64.load offset=4104
        (i32.const 0)))
    (local.set 5
      (i64.load offset=4184
        (i32.const 0)))
    (if  ;; label = @1
      (i32.lt_s
        (local.get 1)
        (i32.const 65))
      (then
        (return
          (i32.const 0))))
    (local.set 12
      (i32.load offset=4240
        (i32.const 0)))
    (local.set 13
      (i64.load offset=4248
        (i32.const 0)))
    (local.set 14
      (i64.load offset=4256
        (i32.const 0)))
    (local.set 15
      (i32.load16_u offset=8
        (local.get 0)))
    (local.set 7
      (local.get 15))
    (block  ;; label = @1
      (block  ;; label = @2
        (block  ;; label = @3
          (br 0 (;@3;)))
        (local.set 15
          (i32.load offset=4800
            (i32.const 0)))
        (local.set 16
          (i32.load offset=4268
            (i32.const 0)))
        (if  ;; label = @3
          (i32.or
            (i32.eqz
              (i32.and
                (local.get 15)
                (i32.const 1)))
            (i32.ne
              (local.get 16)
              (i32.const 0)))
          (then
            (local.set 1
              (local.get 1))
            (local.set 6
              (i32.const 2097120))
            (br 2 (;@1;))))
        (local.set 17
          (local.get 4))
        (local.set 18
          (i32.load offset=5400
            (i32.const 0)))
        (if  ;; label = @3
          (i64.ne
            (i64.shr_s
              (i64.shl
                (local.get 17)
                (i64.extend_i32_u
                  (local.get 18)))
              (i64.extend_i32_u
                (local.get 18)))
            (local.get 17))
          (then
            (local.set 1
              (local.get 1))
            (local.set 6
              (i32.const 2097120))
            (br 2 (;@1;))))
        (local.set 19
          (i32.wrap_i64
            (local.get 5)))
        (local.set 20
          (i32.and
            (local.get 19)
            (i32.const 3964885)))
        (local.set 21
          (i32.and
            (local.get 20)
            (i32.const 2261)))
        (local.set 8
          (local.get 21))
        (i32.store offset=4264
          (i32.const 0)
          (i32.and
            (local.get 20)
            (i32.const -2264)))
        (local.set 22
          (i32.and
            (local.get 20)
            (i32.const 256)))
        (i32.store offset=4284
          (i32.const 0)
          (local.get 22))
        (local.set 23
          (i32.load offset=4812
            (i32.const 0)))
        (local.set 24
          (i32.shr_u
            (local.get 23)
            (i32.const 16)))
        (i64.store offset=4384
          (i32.const 0)
          (i64.const 0))
        (i32.store offset=4392
          (i32.const 0)
          (i32.const 0))
        (i32.store offset=4396
          (i32.const 0)
          (i32.const -1))
        (i32.store offset=4408
          (i32.const 0)
          (i32.const -1))
        (i32.store offset=4400
          (i32.const 0)
          (i32.and
            (i32.or
              (i32.and
                (i32.add
                  (local.get 24)
                  (i32.const 16))
                (i32.const 65532))
              (i32.const 3))
            (i32.const 65535)))
        (i32.store offset=4404
          (i32.const 0)
          (i32.const 41211))
        (i32.store offset=4412
          (i32.const 0)
          (i32.const 1))
        (i64.store offset=4416
          (i32.const 0)
          (i64.const 0))
        (i32.store offset=4424
          (i32.const 0)
          (i32.const 0))
        (i32.store offset=4428
          (i32.const 0)
          (i32.const -1))
        (i32.store offset=4440
          (i32.const 0)
          (i32.const -1))
        (i32.store offset=4432
          (i32.const 0)
          (i32.and
            (i32.or
              (i32.and
                (i32.add
                  (local.get 24)
                  (i32.const 8))
                (i32.const 65532))
              (i32.const 3))
            (i32.const 65535)))
        (i32.store offset=4436
          (i32.const 0)
          (i32.const 49395))
        (i32.store offset=4444
          (i32.const 0)
          (i32.const 3))
        (local.set 25
          (i32.load offset=5412
            (i32.const 0)))
        (local.set 26
          (i32.load offset=4608
            (i32.const 0)))
        (local.set 27
          (i32.load offset=4612
            (i32.const 0)))
        (i32.store offset=4268
          (i32.const 0)
          (i32.const 3))
        (i32.store offset=5380
          (i32.const 0)
          (i32.const 49152))
        (local.set 28
          (i32.load offset=5392
            (i32.const 0)))
        (i32.store offset=5392
          (i32.const 0)
          (i32.or
            (i32.and
              (local.get 28)
              (i32.const -17))
            (i32.const 16)))
        (local.set 29
          (i32.or
            (select
              (i32.const 3)
              (i32.const 1)
              (i32.or
                (i32.and
                  (i32.ne
                    (i32.and
                      (local.get 20)
                      (i32.const 512))
                    (i32.const 0))
                  (local.get 25))
                (local.get 22)))
            (select
              (i32.const 4)
              (i32.const 0)
              (i32.or
                (i32.ne
                  (i32.and
                    (local.get 27)
                    (i32.const 2097152))
                  (i32.const 0))
                (i32.and
                  (i32.ne
                    (i32.and
                      (local.get 20)
                      (i32.const 262144))
                    (i32.const 0))
                  (i32.ne
                    (i32.and
                      (local.get 26)
                      (i32.const 262144))
                    (i32.const 0)))))))
        (i64.store offset=4232
          (i32.const 0)
          (local.get 17))
        (local.set 1
          (local.get 1))
        (local.set 6
          (i32.or
            (i32.const 2097152)
            (local.get 29)))
        (br 0 (;@2;))
        (unreachable))
      (local.set 12
        (i32.const 0))
      (local.set 13
        (i64.extend_i32_u
          (local.get 8)))
      (br 0 (;@1;)))
    (i32.store offset=5376
      (i32.const 0)
      (local.get 1))
    (i64.store offset=4104
      (i32.const 0)
      (local.get 4))
    (i64.store offset=4184
      (i32.const 0)
      (local.get 5))
    (i32.store offset=4240
      (i32.const 0)
      (local.get 12))
    (i64.store offset=4248
      (i32.const 0)
      (local.get 13))
    (i64.store offset=4256
      (i32.const 0)
      (local.get 14))
    (i32.store offset=5396
      (i32.const 0)
      (i32.and
        (local.get 6)
        (i32.const -32)))
    (i32.and
      (local.get 6)
      (i32.const 31)))
  (export "unit" (func 0)))
