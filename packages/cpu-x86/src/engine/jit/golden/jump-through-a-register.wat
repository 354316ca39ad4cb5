;; 00  ffc0             inc eax
;; 02  ffe3             jmp rbx
;; 04  ffc1             inc ecx
;; 06  ffe3             jmp rbx
;; registers named: rax rcx rbx
  (func $unit (type 1) (param i32) (result i32)
    (local i32 i32 i64 i64 i64 i64 i32 i32 i32 i64 i32 i64 i32 i64 i64 i32 i32 i32 i64 i64)
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
      (i64.load offset=4096
        (i32.const 0)))
    (local.set 5
      (i64.load offset=4104
        (i32.const 0)))
    (local.set 6
      (i64.load offset=4120
        (i32.const 0)))
    (if  ;; label = @1
      (i32.lt_s
        (local.get 1)
        (i32.const 68))
      (then
        (return
          (i32.const 0))))
    (local.set 13
      (i32.load offset=4240
        (i32.const 0)))
    (local.set 14
      (i64.load offset=4248
        (i32.const 0)))
    (local.set 15
      (i64.load offset=4256
        (i32.const 0)))
    (local.set 16
      (i32.load16_u offset=8
        (local.get 0)))
    (local.set 8
      (local.get 16))
    (block  ;; label = @1
      (block  ;; label = @2
        (block  ;; label = @3
          (br_table 0 (;@3;) 0 (;@3;) 0 (;@3;)
            (local.get 8)))
        (loop  ;; label = @3
          (block  ;; label = @4
            (block  ;; label = @5
              (br_table 1 (;@4;) 0 (;@5;) 1 (;@4;)
                (local.get 8)))
            (if  ;; label = @5
              (i32.lt_s
                (local.get 1)
                (i32.const 68))
              (then
                (i64.store offset=4232
                  (i32.const 0)
                  (i64.add
                    (local.get 3)
                    (i64.const 4)))
                (local.set 1
                  (i32.add
                    (local.get 1)
                    (i32.const 3)))
                (local.set 7
                  (i32.const 2097217))
                (br 4 (;@1;))))
            (local.set 16
              (i32.wrap_i64
                (local.get 5)))
            (local.set 17
              (i32.add
                (local.get 16)
                (i32.const 1)))
            (local.set 5
              (i64.extend_i32_u
                (local.get 17)))
            (i32.store offset=4240
              (i32.const 0)
              (local.get 13))
            (i64.store offset=4248
              (i32.const 0)
              (local.get 14))
            (i64.store offset=4256
              (i32.const 0)
              (local.get 15))
            (local.set 18
              (call 0))
            (local.set 9
              (local.get 18))
            (local.set 11
              (local.get 17))
            (local.set 19
              (local.get 6))
            (if  ;; label = @5
              (i64.gt_u
                (i64.sub
                  (local.get 19)
                  (local.get 3))
                (i64.const 4095))
              (then
                (local.set 16
                  (i32.load offset=5400
                    (i32.const 0)))
                (if  ;; label = @6
                  (i64.ne
                    (i64.shr_s
                      (i64.shl
                        (local.get 19)
                        (i64.extend_i32_u
                          (local.get 16)))
                      (i64.extend_i32_u
                        (local.get 16)))
                    (local.get 19))
                  (then
                    (i32.store offset=5404
                      (i32.const 0)
                      (i32.const 13))
                    (i32.store offset=5408
                      (i32.const 0)
                      (i32.const 0))
                    (local.set 1
                      (i32.add
                        (local.get 1)
                        (i32.const 2)))
                    (local.set 7
                      (i32.const 2097250))
                    (br 4 (;@2;))))))
            (local.set 20
              (i64.sub
                (local.get 19)
                (local.get 3)))
            (if  ;; label = @5
              (i64.lt_u
                (local.get 20)
                (i64.const 4096))
              (then
                (local.set 17
                  (i32.load16_u offset=344064
                    (i32.shl
                      (i32.wrap_i64
                        (local.get 20))
                      (i32.const 1))))
                (if  ;; label = @6
                  (local.get 17)
                  (then
                    (local.set 1
                      (i32.sub
                        (local.get 1)
                        (i32.const 2)))
                    (local.set 13
                      (i32.const 22))
                    (local.set 14
                      (i64.extend_i32_u
                        (local.get 9)))
                    (local.set 15
                      (i64.extend_i32_s
                        (local.get 11)))
                    (local.set 8
                      (i32.sub
                        (local.get 17)
                        (i32.const 1)))
                    (br 3 (;@3;))))))
            (i64.store offset=4232
              (i32.const 0)
              (local.get 19))
            (local.set 1
              (i32.add
                (local.get 1)
                (i32.const 2)))
            (local.set 7
              (i32.const 2097249))
            (br 2 (;@2;)))
          (if  ;; label = @4
            (i32.lt_s
              (local.get 1)
              (i32.const 68))
            (then
              (i64.store offset=4232
                (i32.const 0)
                (local.get 3))
              (local.set 1
                (i32.add
                  (local.get 1)
                  (i32.const 1)))
              (local.set 7
                (i32.const 2097153))
              (br 3 (;@1;))))
          (local.set 16
            (i32.wrap_i64
              (local.get 4)))
          (local.set 17
            (i32.add
              (local.get 16)
              (i32.const 1)))
          (local.set 4
            (i64.extend_i32_u
              (local.get 17)))
          (i32.store offset=4240
            (i32.const 0)
            (local.get 13))
          (i64.store offset=4248
            (i32.const 0)
            (local.get 14))
          (i64.store offset=4256
            (i32.const 0)
            (local.get 15))
          (local.set 18
            (call 0))
          (local.set 9
            (local.get 18))
          (local.set 11
            (local.get 17))
          (local.set 19
            (local.get 6))
          (if  ;; label = @4
            (i64.gt_u
              (i64.sub
                (local.get 19)
                (local.get 3))
              (i64.const 4095))
            (then
              (local.set 16
                (i32.load offset=5400
                  (i32.const 0)))
              (if  ;; label = @5
                (i64.ne
                  (i64.shr_s
                    (i64.shl
                      (local.get 19)
                      (i64.extend_i32_u
                        (local.get 16)))
                    (i64.extend_i32_u
                      (local.get 16)))
                  (local.get 19))
                (then
                  (i32.store offset=5404
                    (i32.const 0)
                    (i32.const 13))
                  (i32.store offset=5408
                    (i32.const 0)
                    (i32.const 0))
                  (local.set 1
                    (local.get 1))
                  (local.set 7
                    (i32.const 2097186))
                  (br 3 (;@2;))))))
          (local.set 20
            (i64.sub
              (local.get 19)
              (local.get 3)))
          (if  ;; label = @4
            (i64.lt_u
              (local.get 20)
              (i64.const 4096))
            (then
              (local.set 17
                (i32.load16_u offset=344064
                  (i32.shl
                    (i32.wrap_i64
                      (local.get 20))
                    (i32.const 1))))
              (if  ;; label = @5
                (local.get 17)
                (then
                  (local.set 1
                    (i32.sub
                      (local.get 1)
                      (i32.const 2)))
                  (local.set 13
                    (i32.const 22))
                  (local.set 14
                    (i64.extend_i32_u
                      (local.get 9)))
                  (local.set 15
                    (i64.extend_i32_s
                      (local.get 11)))
                  (local.set 8
                    (i32.sub
                      (local.get 17)
                      (i32.const 1)))
                  (br 2 (;@3;))))))
          (i64.store offset=4232
            (i32.const 0)
            (local.get 19))
          (local.set 1
            (local.get 1))
          (local.set 7
            (i32.const 2097185))
          (br 1 (;@2;))
          (unreachable))
        (unreachable))
      (local.set 13
        (i32.const 22))
      (local.set 14
        (i64.extend_i32_u
          (local.get 9)))
      (local.set 15
        (i64.extend_i32_s
          (local.get 11)))
      (br 0 (;@1;)))
    (i32.store offset=5376
      (i32.const 0)
      (local.get 1))
    (i64.store offset=4096
      (i32.const 0)
      (local.get 4))
    (i64.store offset=4104
      (i32.const 0)
      (local.get 5))
    (i64.store offset=4120
      (i32.const 0)
      (local.get 6))
    (i32.store offset=4240
      (i32.const 0)
      (local.get 13))
    (i64.store offset=4248
      (i32.const 0)
      (local.get 14))
    (i64.store offset=4256
      (i32.const 0)
      (local.get 15))
    (i32.store offset=5396
      (i32.const 0)
      (i32.and
        (local.get 7)
        (i32.const -32)))
    (i32.and
      (local.get 7)
      (i32.const 31)))
  (export "unit" (func 1)))
