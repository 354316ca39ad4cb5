;; 00  31d2             xor edx, edx
;; 02  4883c201         add rdx, 0x1
;; 06  4839da           cmp rdx, rbx
;; 09  75f7             jne $-0x7
;; 0b  4883c101         add rcx, 0x1
;; 0f  4839d9           cmp rcx, rbx
;; 12  75ec             jne $-0x12
;; 14  c3               ret
;; registers named: rcx rdx rbx
  (func $unit (type 0) (param i32) (result i32)
    (local i32 i32 i64 i64 i64 i64 i64 i32 i32 i32 i64 i32 i64 i32 i64 i64 i32 i32 i32 i64 i64 i64 i32 i64 i64 i64 i32)
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
      (i64.load offset=4112
        (i32.const 0)))
    (local.set 6
      (i64.load offset=4120
        (i32.const 0)))
    (local.set 7
      (i64.load offset=4128
        (i32.const 0)))
    (if  ;; label = @1
      (i32.lt_s
        (local.get 1)
        (i32.const 72))
      (then
        (return
          (i32.const 0))))
    (local.set 14
      (i32.load offset=4240
        (i32.const 0)))
    (local.set 15
      (i64.load offset=4248
        (i32.const 0)))
    (local.set 16
      (i64.load offset=4256
        (i32.const 0)))
    (local.set 17
      (i32.load16_u offset=8
        (local.get 0)))
    (local.set 9
      (local.get 17))
    (block  ;; label = @1
      (block  ;; label = @2
        (block  ;; label = @3
          (block  ;; label = @4
            (block  ;; label = @5
              (block  ;; label = @6
                (br_table 0 (;@6;) 0 (;@6;) 0 (;@6;) 0 (;@6;) 0 (;@6;)
                  (local.get 9)))
              (loop  ;; label = @6
                (block  ;; label = @7
                  (block  ;; label = @8
                    (block  ;; label = @9
                      (br_table 0 (;@9;) 1 (;@8;) 0 (;@9;) 0 (;@9;) 0 (;@9;)
                        (local.get 9)))
                    (if  ;; label = @9
                      (i32.lt_s
                        (local.get 1)
                        (i32.const 72))
                      (then
                        (i64.store offset=4232
                          (i32.const 0)
                          (local.get 3))
                        (local.set 1
                          (i32.add
                            (local.get 1)
                            (i32.const 1)))
                        (local.set 8
                          (i32.const 2097153))
                        (br 8 (;@1;))))
                    (local.set 17
                      (i32.wrap_i64
                        (local.get 5)))
                    (local.set 18
                      (i32.wrap_i64
                        (local.get 5)))
                    (local.set 19
                      (i32.xor
                        (local.get 17)
                        (local.get 18)))
                    (local.set 5
                      (i64.extend_i32_u
                        (local.get 19)))
                    (local.set 12
                      (local.get 19))
                    (local.set 1
                      (i32.sub
                        (local.get 1)
                        (i32.const 1)))
                    (local.set 14
                      (i32.const 14))
                    (local.set 16
                      (i64.extend_i32_s
                        (local.get 12)))
                    (br 0 (;@8;)))
                  (loop  ;; label = @8
                    (block  ;; label = @9
                      (br 0 (;@9;)))
                    (if  ;; label = @9
                      (i32.lt_s
                        (local.get 1)
                        (i32.const 72))
                      (then
                        (i64.store offset=4232
                          (i32.const 0)
                          (i64.add
                            (local.get 3)
                            (i64.const 2)))
                        (local.set 1
                          (i32.add
                            (local.get 1)
                            (i32.const 2)))
                        (local.set 8
                          (i32.const 2097185))
                        (br 8 (;@1;))))
                    (local.set 20
                      (local.get 5))
                    (local.set 21
                      (i64.add
                        (local.get 20)
                        (i64.const 1)))
                    (local.set 5
                      (local.get 21))
                    (local.set 11
                      (local.get 20))
                    (local.set 13
                      (local.get 21))
                    (local.set 11
                      (local.get 5))
                    (local.set 13
                      (local.get 6))
                    (if  ;; label = @9
                      (i32.eqz
                        (i64.eq
                          (local.get 11)
                          (local.get 13)))
                      (then
                        (local.set 1
                          (i32.sub
                            (local.get 1)
                            (i32.const 3)))
                        (local.set 14
                          (i32.const 7))
                        (local.set 15
                          (local.get 11))
                        (local.set 16
                          (local.get 13))
                        (br 1 (;@8;))))
                    (local.set 1
                      (i32.sub
                        (local.get 1)
                        (i32.const 3)))
                    (br 1 (;@7;))
                    (unreachable)))
                (local.set 20
                  (local.get 4))
                (local.set 21
                  (i64.add
                    (local.get 20)
                    (i64.const 1)))
                (local.set 4
                  (local.get 21))
                (local.set 11
                  (local.get 20))
                (local.set 13
                  (local.get 21))
                (local.set 11
                  (local.get 4))
                (local.set 13
                  (local.get 6))
                (if  ;; label = @7
                  (i32.eqz
                    (i64.eq
                      (local.get 11)
                      (local.get 13)))
                  (then
                    (local.set 1
                      (i32.sub
                        (local.get 1)
                        (i32.const 3)))
                    (local.set 14
                      (i32.const 7))
                    (local.set 15
                      (local.get 11))
                    (local.set 16
                      (local.get 13))
                    (local.set 9
                      (i32.const 0))
                    (br 1 (;@6;))))
                (local.set 1
                  (i32.sub
                    (local.get 1)
                    (i32.const 3)))
                (br 1 (;@5;))
                (unreachable)))
            (local.set 20
              (local.get 7))
            (local.set 21
              (local.get 20))
            (local.set 17
              (i32.wrap_i64
                (local.get 21)))
            (local.set 18
              (i32.add
                (i32.and
                  (i32.shr_u
                    (local.get 17)
                    (i32.const 8))
                  (i32.const 16368))
                (local.get 2)))
            (local.set 22
              (i64.load
                (local.get 18)))
            (local.set 19
              (i32.load offset=8
                (local.get 18)))
            (if  ;; label = @5
              (i32.eqz
                (i64.eq
                  (local.get 22)
                  (i64.and
                    (i64.add
                      (local.get 21)
                      (i64.const 7))
                    (i64.const -4096))))
              (then
                (local.set 1
                  (i32.add
                    (local.get 1)
                    (i32.const 7)))
                (local.set 8
                  (i32.const 2097344))
                (br 1 (;@4;))))
            (local.set 23
              (i32.add
                (local.get 19)
                (local.get 17)))
            (local.set 24
              (i64.load align=1
                (local.get 23)))
            (local.set 25
              (i64.add
                (local.get 20)
                (i64.const 8)))
            (local.set 26
              (local.get 24))
            (if  ;; label = @5
              (i64.gt_u
                (i64.sub
                  (local.get 26)
                  (local.get 3))
                (i64.const 4095))
              (then
                (local.set 27
                  (i32.load offset=5400
                    (i32.const 0)))
                (if  ;; label = @6
                  (i64.ne
                    (i64.shr_s
                      (i64.shl
                        (local.get 26)
                        (i64.extend_i32_u
                          (local.get 27)))
                      (i64.extend_i32_u
                        (local.get 27)))
                    (local.get 26))
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
                        (i32.const 7)))
                    (local.set 8
                      (i32.const 2097378))
                    (br 2 (;@4;))))))
            (local.set 7
              (local.get 25))
            (i64.store offset=4232
              (i32.const 0)
              (local.get 26))
            (local.set 1
              (i32.add
                (local.get 1)
                (i32.const 7)))
            (local.set 8
              (i32.const 2097377))
            (br 0 (;@4;))
            (unreachable))
          (local.set 14
            (i32.const 7))
          (local.set 15
            (local.get 11))
          (local.set 16
            (local.get 13))
          (br 2 (;@1;)))
        (local.set 14
          (i32.const 11))
        (local.set 15
          (local.get 11))
        (local.set 16
          (local.get 13))
        (br 1 (;@1;)))
      (local.set 14
        (i32.const 14))
      (local.set 16
        (i64.extend_i32_s
          (local.get 12)))
      (br 0 (;@1;)))
    (i32.store offset=5376
      (i32.const 0)
      (local.get 1))
    (i64.store offset=4104
      (i32.const 0)
      (local.get 4))
    (i64.store offset=4112
      (i32.const 0)
      (local.get 5))
    (i64.store offset=4120
      (i32.const 0)
      (local.get 6))
    (i64.store offset=4128
      (i32.const 0)
      (local.get 7))
    (i32.store offset=4240
      (i32.const 0)
      (local.get 14))
    (i64.store offset=4248
      (i32.const 0)
      (local.get 15))
    (i64.store offset=4256
      (i32.const 0)
      (local.get 16))
    (i32.store offset=5396
      (i32.const 0)
      (i32.and
        (local.get 8)
        (i32.const -32)))
    (i32.and
      (local.get 8)
      (i32.const 31)))
  (export "unit" (func 0)))
