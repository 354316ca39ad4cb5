;; 00  f348ab           rep stosq qword ptr es:[rdi], rax
;; 03  c3               ret
;; registers named: rax rdi
  (func $unit (type 0) (param i32) (result i32)
    (local i32 i32 i64 i64 i64 i64 i64 i32 i32 i32 i64 i32 i64 i32 i64 i64 i32 i32 i64 i32 i32 i32 i32 i32 i32 i64 i32 i32 i64 i32 i32 i32 i64 i64 i64 i64 i32 i32 i64 i32 i32 i32 i32 i64 i64 i64 i32)
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
      (i64.load offset=4128
        (i32.const 0)))
    (local.set 7
      (i64.load offset=4152
        (i32.const 0)))
    (if  ;; label = @1
      (i32.lt_s
        (local.get 1)
        (i32.const 66))
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
          (br 0 (;@3;)))
        (if  ;; label = @3
          (i64.ne
            (local.get 5)
            (i64.const 0))
          (then
            (block  ;; label = @4
              (loop  ;; label = @5
                (local.set 17
                  (i32.load offset=4264
                    (i32.const 0)))
                (local.set 18
                  (i32.and
                    (local.get 17)
                    (i32.const 1024)))
                (if  ;; label = @6
                  (i32.and
                    (i64.gt_u
                      (local.get 5)
                      (i64.const 16))
                    (i32.eqz
                      (local.get 18)))
                  (then
                    (local.set 19
                      (local.get 7))
                    (local.set 20
                      (i32.sub
                        (i32.wrap_i64
                          (select
                            (i64.const 4096)
                            (local.get 5)
                            (i64.gt_u
                              (local.get 5)
                              (i64.const 4096))))
                        (i32.const 1)))
                    (local.set 21
                      (i32.shr_u
                        (i32.sub
                          (i32.const 4096)
                          (i32.and
                            (i32.wrap_i64
                              (local.get 19))
                            (i32.const 4095)))
                        (i32.const 3)))
                    (local.set 22
                      (select
                        (local.get 21)
                        (local.get 20)
                        (i32.lt_s
                          (local.get 21)
                          (local.get 20))))
                    (local.set 23
                      (i32.sub
                        (local.get 1)
                        (i32.const 1)))
                    (local.set 24
                      (select
                        (local.get 22)
                        (local.get 23)
                        (i32.lt_s
                          (local.get 22)
                          (local.get 23))))
                    (if  ;; label = @7
                      (i32.ge_s
                        (local.get 24)
                        (i32.const 16))
                      (then
                        (local.set 25
                          (i32.shl
                            (local.get 24)
                            (i32.const 3)))
                        (local.set 26
                          (local.get 19))
                        (local.set 27
                          (i32.wrap_i64
                            (local.get 26)))
                        (local.set 28
                          (i32.add
                            (i32.and
                              (i32.shr_u
                                (local.get 27)
                                (i32.const 8))
                              (i32.const 16368))
                            (local.get 2)))
                        (local.set 29
                          (i64.load offset=16384
                            (local.get 28)))
                        (local.set 30
                          (i32.load offset=16392
                            (local.get 28)))
                        (local.set 31
                          (i32.add
                            (local.get 30)
                            (local.get 27)))
                        (local.set 32
                          (i32.and
                            (i32.wrap_i64
                              (local.get 4))
                            (i32.const 255)))
                        (if  ;; label = @8
                          (i32.and
                            (i64.eq
                              (local.get 29)
                              (i64.and
                                (local.get 26)
                                (i64.const -4096)))
                            (i64.eq
                              (i64.mul
                                (i64.extend_i32_u
                                  (local.get 32))
                                (i64.const 72340172838076673))
                              (local.get 4)))
                          (then
                            (memory.fill
                              (local.get 31)
                              (local.get 32)
                              (local.get 25))
                            (local.set 33
                              (local.get 7))
                            (local.set 7
                              (i64.add
                                (local.get 33)
                                (i64.extend_i32_u
                                  (local.get 25))))
                            (local.set 5
                              (i64.sub
                                (local.get 5)
                                (i64.extend_i32_u
                                  (local.get 24))))
                            (local.set 1
                              (i32.sub
                                (local.get 1)
                                (local.get 24)))))))))
                (local.set 34
                  (local.get 7))
                (local.set 35
                  (local.get 4))
                (local.set 36
                  (local.get 34))
                (local.set 37
                  (i32.wrap_i64
                    (local.get 36)))
                (local.set 38
                  (i32.add
                    (i32.and
                      (i32.shr_u
                        (local.get 37)
                        (i32.const 8))
                      (i32.const 16368))
                    (local.get 2)))
                (local.set 39
                  (i64.load offset=16384
                    (local.get 38)))
                (local.set 40
                  (i32.load offset=16392
                    (local.get 38)))
                (if  ;; label = @6
                  (i32.eqz
                    (i64.eq
                      (local.get 39)
                      (i64.and
                        (i64.add
                          (local.get 36)
                          (i64.const 7))
                        (i64.const -4096))))
                  (then
                    (local.set 1
                      (local.get 1))
                    (local.set 8
                      (i32.const 2097120))
                    (br 5 (;@1;))))
                (local.set 41
                  (i32.add
                    (local.get 40)
                    (local.get 37)))
                (i64.store align=1
                  (local.get 41)
                  (local.get 35))
                (local.set 42
                  (i32.load offset=4264
                    (i32.const 0)))
                (local.set 43
                  (i32.and
                    (local.get 42)
                    (i32.const 1024)))
                (local.set 44
                  (select
                    (i64.const -8)
                    (i64.const 8)
                    (local.get 43)))
                (local.set 45
                  (local.get 7))
                (local.set 7
                  (i64.add
                    (local.get 45)
                    (local.get 44)))
                (local.set 46
                  (i64.sub
                    (local.get 5)
                    (i64.const 1)))
                (local.set 5
                  (local.get 46))
                (br_if 1 (;@4;)
                  (i64.eqz
                    (local.get 46)))
                (local.set 47
                  (i32.sub
                    (local.get 1)
                    (i32.const 1)))
                (if  ;; label = @6
                  (i32.le_s
                    (local.get 47)
                    (i32.const 0))
                  (then
                    (i32.store offset=5448
                      (i32.const 0)
                      (i32.const 1))
                    (i64.store offset=4232
                      (i32.const 0)
                      (local.get 3))
                    (local.set 1
                      (local.get 1))
                    (local.set 8
                      (i32.const 2097153))
                    (br 5 (;@1;))))
                (local.set 1
                  (i32.sub
                    (local.get 1)
                    (i32.const 1)))
                (br 0 (;@5;))))))
        (local.set 1
          (i32.sub
            (local.get 1)
            (i32.const 1)))
        (br 0 (;@2;)))
      (if  ;; label = @2
        (i32.lt_s
          (local.get 1)
          (i32.const 66))
        (then
          (i64.store offset=4232
            (i32.const 0)
            (i64.add
              (local.get 3)
              (i64.const 3)))
          (local.set 1
            (i32.add
              (local.get 1)
              (i32.const 2)))
          (local.set 8
            (i32.const 2097185))
          (br 1 (;@1;))))
      (local.set 19
        (local.get 6))
      (local.set 26
        (local.get 19))
      (local.set 17
        (i32.wrap_i64
          (local.get 26)))
      (local.set 18
        (i32.add
          (i32.and
            (i32.shr_u
              (local.get 17)
              (i32.const 8))
            (i32.const 16368))
          (local.get 2)))
      (local.set 29
        (i64.load
          (local.get 18)))
      (local.set 20
        (i32.load offset=8
          (local.get 18)))
      (if  ;; label = @2
        (i32.eqz
          (i64.eq
            (local.get 29)
            (i64.and
              (i64.add
                (local.get 26)
                (i64.const 7))
              (i64.const -4096))))
        (then
          (local.set 1
            (i32.add
              (local.get 1)
              (i32.const 1)))
          (local.set 8
            (i32.const 2097152))
          (br 1 (;@1;))))
      (local.set 21
        (i32.add
          (local.get 20)
          (local.get 17)))
      (local.set 33
        (i64.load align=1
          (local.get 21)))
      (local.set 34
        (i64.add
          (local.get 19)
          (i64.const 8)))
      (local.set 35
        (local.get 33))
      (if  ;; label = @2
        (i64.gt_u
          (i64.sub
            (local.get 35)
            (local.get 3))
          (i64.const 4095))
        (then
          (local.set 22
            (i32.load offset=5400
              (i32.const 0)))
          (if  ;; label = @3
            (i64.ne
              (i64.shr_s
                (i64.shl
                  (local.get 35)
                  (i64.extend_i32_u
                    (local.get 22)))
                (i64.extend_i32_u
                  (local.get 22)))
              (local.get 35))
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
                  (i32.const 1)))
              (local.set 8
                (i32.const 2097186))
              (br 2 (;@1;))))))
      (local.set 6
        (local.get 34))
      (i64.store offset=4232
        (i32.const 0)
        (local.get 35))
      (local.set 1
        (i32.add
          (local.get 1)
          (i32.const 1)))
      (local.set 8
        (i32.const 2097185))
      (br 0 (;@1;))
      (unreachable))
    (i32.store offset=5376
      (i32.const 0)
      (local.get 1))
    (i64.store offset=4096
      (i32.const 0)
      (local.get 4))
    (i64.store offset=4104
      (i32.const 0)
      (local.get 5))
    (i64.store offset=4128
      (i32.const 0)
      (local.get 6))
    (i64.store offset=4152
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
